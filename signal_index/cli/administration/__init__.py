"""The commands of who administers: register, staff, proposals and teams; none of them shows a flag."""
