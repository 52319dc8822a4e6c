"""The page on which one talks."""

from app.page import chat, frame

chat.draw(frame.here())
