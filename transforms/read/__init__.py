"""Archives, tables and folders -> pairs and their images."""
