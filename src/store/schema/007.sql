-- Rows of the queue are made anew, which the first session does that finds the mark: an order that
-- claims an emergency says so.

INSERT INTO meta (key, value) SELECT 'order_view', 'to be made' FROM act
	WHERE id = 1 AND NOT EXISTS (SELECT 1 FROM meta WHERE key = 'order_view');
