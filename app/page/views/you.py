"""The page about the user: who it is, everything as one file, and health."""

from app.page import frame, you

you.draw(frame.here())
