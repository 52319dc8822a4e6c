"""The page about the user: who it is, everything as one file, and health."""

from app.ui import layout as frame
from app.ui.account import page as you

you.draw(frame.here())
