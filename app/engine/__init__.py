"""The only code that knows the native library, and the process in which that runs.

`client` is the program's side of the pipe, `host` the process's; the records that cross it are in
`messages`. No Qt, and nothing of the window: the process must stay small and start fast.
"""
