"""Writers of order files, one module per format, and the places where files are exchanged with others."""
