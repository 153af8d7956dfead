"""What the bodies of blocks are built from: each a geometry with its figures and its painting.

A section knows no kind of block; several kinds may use the same one. What its parts do when they
are pressed is in `app.ui.canvas.gestures`.
"""
