"""The programs: the service, the command line, the web page and the Studio graphs."""
