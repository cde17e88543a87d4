"""The client's side of the broker and of the database."""

import json
import threading
import time
import urllib.parse

import pika
import pymysql

SUBMISSIONS, RETRY, DEAD = "judge.submissions", "judge.retry", "judge.dead"
EVENTS = "judge.events"
MARK = "verdict.client.mark"  # a routing key of the client's own
POLL_SECONDS = 0.1


class History:
    """The history, read through a connection of its own. Every query sees what is committed."""

    def __init__(self, url):
        at = urllib.parse.urlsplit(url)
        self.connection = pymysql.connect(
            host=at.hostname,
            port=at.port or 3306,
            user=urllib.parse.unquote(at.username or ""),
            password=urllib.parse.unquote(at.password or ""),
            database=at.path.lstrip("/"),
            autocommit=True,
            cursorclass=pymysql.cursors.DictCursor,
        )

    def rows(self, query, *values):
        with self.connection.cursor() as cursor:
            cursor.execute(query, values)
            return cursor.fetchall()

    def row_and_tests(self, history_id):
        """A history row, or nothing, and the rows of its tests."""
        rows = self.rows("SELECT * FROM judge_history WHERE id = %s", history_id)
        query = "SELECT * FROM judge_history_test WHERE history_id = %s ORDER BY ordinal"
        return (rows[0] if rows else None), self.rows(query, history_id)


class Arrival:
    """A message as it arrived, and the history row that its verdict names, as it was then."""

    def __init__(self, method, properties, body, history):
        self.routing_key = method.routing_key
        self.properties = properties
        self.body = body
        self.row, self.test_rows = None, ()
        try:
            self.message = json.loads(body)
        except ValueError:
            self.message = None
        if isinstance(self.message, dict) and self.message.get("historyId") is not None:
            self.row, self.test_rows = history.row_and_tests(self.message["historyId"])


class Listener(threading.Thread):
    """Consumes all events, and the replies, from queues of its own."""

    def __init__(self, amqp_url, database_url):
        super().__init__(daemon=True)
        self.history = History(database_url)
        self.connection = pika.BlockingConnection(pika.URLParameters(amqp_url))
        self.changed = threading.Condition()
        self.events, self.replies, self.failure, self.marked = [], [], None, False
        channel = self.connection.channel()
        events = channel.queue_declare("", exclusive=True).method.queue
        for key in ("verdict.#", "progress.#"):
            channel.queue_bind(events, EVENTS, key)
        self.reply_to = channel.queue_declare("", exclusive=True).method.queue
        channel.basic_consume(events, self.on_event, auto_ack=True)
        channel.basic_consume(self.reply_to, self.on_reply, auto_ack=True)
        self.channel = channel

    def run(self):
        try:
            self.channel.start_consuming()
        except Exception as error:  # the waiting thread reports it
            with self.changed:
                self.failure = error
                self.changed.notify_all()

    def on_event(self, _channel, method, properties, body):
        if method.routing_key == MARK:
            with self.changed:
                self.marked = True
                self.changed.notify_all()
            return
        self.take(self.events, method, properties, body)

    def on_reply(self, _channel, method, properties, body):
        self.take(self.replies, method, properties, body)

    def take(self, where, method, properties, body):
        arrival = Arrival(method, properties, body, self.history)
        with self.changed:
            where.append(arrival)
            self.changed.notify_all()

    def wait_for(self, what, condition, deadline):
        """Waits until `condition` holds; false if the deadline passes first."""
        with self.changed:
            held = self.changed.wait_for(
                lambda: self.failure or condition(), max(0, deadline - time.monotonic())
            )
            if self.failure:
                raise SystemExit(f"the connection to the broker failed: {self.failure!r}")
        if not held:
            print(f"gave up waiting: {what}")
        return bool(held)


class Sender:
    """Publishes with confirms, and looks into queues."""

    def __init__(self, amqp_url):
        self.connection = pika.BlockingConnection(pika.URLParameters(amqp_url))
        self.channel = self.connection.channel()
        self.channel.confirm_delivery()

    def send(self, job, number, reply_to):
        properties = pika.BasicProperties(
            content_type="application/json",
            delivery_mode=pika.DeliveryMode.Persistent.value,
            message_id=f"m-{number}",
            timestamp=int(time.time()),
            headers={"traceparent": job.traceparent} if job.traceparent else None,
        )
        if job.wants_reply:
            properties.reply_to = reply_to
            properties.correlation_id = f"c-{number}"
        # Raises if the broker does not take it, or has no such queue.
        self.channel.basic_publish("", SUBMISSIONS, job.body, properties, mandatory=True)

    def dead_letters(self):
        """Takes what is in the dead-letter queue now."""
        while True:
            method, properties, body = self.channel.basic_get(DEAD, auto_ack=True)
            if method is None:
                return
            yield properties, body

    def is_empty(self, queue):
        return self.channel.queue_declare(queue, passive=True).method.message_count == 0

    def mark(self):
        self.channel.basic_publish(EVENTS, MARK, b"")

    def sleep(self):
        self.connection.sleep(POLL_SECONDS)
