"""The main window: it puts the rooms together, with menus, docks, the memory strip and the status
line. Only the program's start and the tour use it; what can be done in it lives in the rooms below.
"""
