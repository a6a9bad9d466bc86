-- Nothing of these is worth keeping.
ALTER TABLE open_page SET UNLOGGED;
ALTER TABLE server_node SET UNLOGGED;
ALTER TABLE network_use SET UNLOGGED;
