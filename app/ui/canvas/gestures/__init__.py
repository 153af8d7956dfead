"""What a drag on the canvas does: one class a gesture, and which one a press begins.

A gesture knows the GestureSurface that it moves on, never the view that feeds it events.
"""
