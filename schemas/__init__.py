"""What a pair is: records, tables and file formats."""
