"""Writers of order files, one module per format."""
