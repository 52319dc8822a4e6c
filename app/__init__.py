"""What a person or a process starts: the service, the command line, the Studio graphs."""
