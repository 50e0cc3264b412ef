"""Archives and tables -> pairs and their images."""
