"""What makes a JupyterLab the course's: its settings (`etc`, installed with the package), first layout, environment."""
