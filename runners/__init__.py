"""Where it happens: the command line and the engines that run the phases."""
