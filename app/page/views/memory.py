"""The page that shows what is remembered."""

from app.page import frame, remembered

remembered.draw(frame.here())
