-- Nothing of these is worth keeping.
ALTER TABLE desk_look SET UNLOGGED;
ALTER TABLE server_node SET UNLOGGED;
