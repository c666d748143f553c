"""Reads topics from their first record to their end, as any consumer in another language would, and prints a JSON line for each record.

Each record is parsed as a CloudEvent in binary mode by the `cloudevents` package. Usage: topic_reader.py BROKERS PREFIX
"""

import json
import sys

from cloudevents.core.bindings.kafka import KafkaMessage, from_binary_event
from confluent_kafka import OFFSET_BEGINNING, Consumer, KafkaError, TopicPartition

PATIENCE_SECONDS = 30


def main(brokers: str, prefix: str) -> None:
    consumer = Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": "topic-reader",
            "enable.auto.commit": False,
            "enable.partition.eof": True,
        }
    )
    topics = consumer.list_topics(timeout=PATIENCE_SECONDS).topics
    partitions = [
        TopicPartition(topic, partition, OFFSET_BEGINNING)
        for topic, found in topics.items()
        if topic.startswith(prefix + ".")
        for partition in found.partitions
    ]
    consumer.assign(partitions)
    unfinished = {(partition.topic, partition.partition) for partition in partitions}
    while unfinished:
        message = consumer.poll(PATIENCE_SECONDS)
        if message is None:
            sys.exit(f"nothing for {PATIENCE_SECONDS} seconds, and {unfinished} not read to the end")
        error = message.error()
        if error is not None and error.code() == KafkaError._PARTITION_EOF:
            unfinished.discard((message.topic(), message.partition()))
        elif error is not None:
            sys.exit(str(error))
        else:
            print(json.dumps(record(message)))
    consumer.close()


def record(message) -> dict:
    headers = dict(message.headers())
    event = from_binary_event(KafkaMessage(headers=headers, key=message.key(), value=message.value()))
    attributes = event.get_attributes()
    return {
        "topic": message.topic(),
        "partition": message.partition(),
        "offset": message.offset(),
        "key": message.key().decode(),
        "id": event.get_id(),
        "source": event.get_source(),
        "type": event.get_type(),
        "subject": event.get_subject(),
        "position": int(attributes["position"]),
        "stream_version": int(attributes["streamversion"]),
        "leaf_hash": attributes["leafhash"],
        "data": event.get_data(),
        "traceparent": headers.get("traceparent", b"").decode(),
    }


main(*sys.argv[1:])
