"""What a Miva domain and its stores hold, and the rules they follow; knows nothing of JSON, XML, HTML or FTP."""
