"""The ways in to a store's files: FTP, FTP with TLS, and SFTP. What is put there is what image tags can name."""
