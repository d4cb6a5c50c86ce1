-- The queue: open orders by what is due next (view.def). Every row is made from its acts again,
-- which the first session does that finds the mark.

DROP TABLE order_view;
CREATE TABLE order_view (
	ref @text NOT NULL PRIMARY KEY@order_view
) @strict;
CREATE INDEX order_view_received ON order_view (received_at, ref);
CREATE INDEX order_view_clock ON order_view ((clock_at IS NULL), clock_at, ref) WHERE open > 0;
INSERT INTO meta (key, value) SELECT 'order_view', 'to be made' FROM act WHERE id = 1;
