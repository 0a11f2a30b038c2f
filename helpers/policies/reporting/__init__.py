"""What there is to say of an application and its policies, as plain records: what a report holds."""
