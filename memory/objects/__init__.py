"""Objects: named bytes in a folder or a bucket, whole or not at all, encrypted where a key is set."""

__all__ = ["bucket", "encrypted_store", "encryption", "folder", "opening", "store", "whole_file"]
