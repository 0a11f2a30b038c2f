"""What an application needs, who reaches whom, and what a change would do."""
