"""What is compared. Each is a program that serves on the socket whose file descriptor is its last argument."""
