"""What the MQTT specifications demand of a client, in short, and the test that shows it.

The identifiers are the specifications' own; where 5.0 repeats 3.1.1 only the older stands here.
"""

_TEXT = """\
3.1.1-1.5.3-1 refuse ill-formed UTF-8
 test_mqtt_decoder::test_broken_packets_are_refused_with_the_reason
3.1.1-1.5.3-2 refuse NUL in a string
 test_mqtt_decoder::test_broken_packets_are_refused_with_the_reason
3.1.1-2.2.2-1 reserved flag bits as the table says
 test_mqtt_encoder::test_packets_without_much_in_them
3.1.1-2.2.2-2 close on invalid flags
 test_mqtt_client::test_protocol_violations_end_in_a_clean_disconnect_with_the_reason
3.1.1-2.3.1-1 packet identifiers are not 0
 test_mqtt_outbox::test_packet_identifiers_skip_those_in_use_and_zero
3.1.1-2.3.1-2 and not in use
 test_mqtt_outbox::test_packet_identifiers_skip_those_in_use_and_zero
3.1.1-2.3.1-3 a repetition has the same one
 test_mqtt_client::test_unacknowledged_messages_are_sent_again_with_dup_only_in_a_resumed_session
3.1.1-2.3.1-5 none with QoS 0
 test_mqtt_encoder::test_packets_without_much_in_them
3.1.1-2.3.1-6 answers carry the one of the question
 test_mqtt_client::test_a_message_of_each_quality_arrives_and_is_answered
3.1.1-3.1.0-1 CONNECT comes first
 test_mqtt_client::test_connects_with_one_write_and_knows_it
3.1.1-3.1.2-3 reserved connect flag is 0
 test_mqtt_encoder::test_connect_says_what_was_asked
3.1.1-3.1.2-11 no will, no will flags
 test_mqtt_encoder::test_connect_says_what_was_asked
3.1.1-3.1.2-18 no user, no user flag
 test_mqtt_encoder::test_connect_says_what_was_asked
3.1.1-3.1.2-22 no password without a user
 test_broker_url::test_good_urls_say_what_they_mean
3.1.1-3.1.2-23 a packet within each keep-alive time
 test_mqtt_client::test_a_quiet_connection_is_pinged_and_a_mute_broker_noticed
3.1.1-3.1.3-1 payload fields in their order
 test_mqtt_encoder::test_connect_says_what_was_asked
3.1.1-3.2.0-1 CONNACK is the first answer
 test_mqtt_client::test_anything_before_connack_is_refused
3.1.1-3.2.2-4 a return code other than 0 ends it
 test_mqtt_client::test_refusals_are_told_in_words
3.1.1-3.3.1-1 DUP on a repetition
 test_mqtt_client::test_unacknowledged_messages_are_sent_again_with_dup_only_in_a_resumed_session
3.1.1-3.3.1-2 no DUP with QoS 0
 test_mqtt_outbox::test_released_messages_repeat_only_their_release
3.1.1-3.3.1-4 QoS 3 closes the connection
 test_mqtt_client::test_protocol_violations_end_in_a_clean_disconnect_with_the_reason
3.1.1-3.3.2-1 the topic comes first and is UTF-8
 test_mqtt_codec::test_what_we_encode_comes_back
3.1.1-3.3.2-2 no wildcards in a topic name
 test_mqtt_decoder::test_broken_packets_are_refused_with_the_reason
3.1.1-3.3.4-1 answer by QoS
 test_mqtt_client::test_a_message_of_each_quality_arrives_and_is_answered
3.1.1-3.6.1-1 reserved bits of PUBREL
 test_mqtt_encoder::test_packets_without_much_in_them
3.1.1-3.8.1-1 reserved bits of SUBSCRIBE
 test_mqtt_encoder::test_packets_without_much_in_them
3.1.1-3.8.3-3 SUBSCRIBE has a filter
 test_mqtt_encoder::test_packets_without_much_in_them
3.1.1-3.8.3-4 reserved bits of the requested QoS
 test_mqtt_encoder::test_packets_without_much_in_them
3.1.1-3.9.3-2 no other SUBACK codes
 test_mqtt_decoder::test_broken_packets_are_refused_with_the_reason
3.1.1-3.10.1-1 reserved bits of UNSUBSCRIBE
 test_mqtt_encoder::test_packets_without_much_in_them
3.1.1-3.14.4-1 close after DISCONNECT
 test_mqtt_client::test_closing_says_good_bye
3.1.1-3.14.4-2 and send nothing more
 test_mqtt_client::test_closing_says_good_bye
3.1.1-4.3.2-1 QoS 1 as sender
 test_mqtt_client::test_publishing_at_each_quality
3.1.1-4.3.2-2 QoS 1 as receiver
 test_mqtt_client::test_a_message_of_each_quality_arrives_and_is_answered
3.1.1-4.3.3-1 QoS 2 as sender
 test_mqtt_client::test_publishing_at_each_quality
3.1.1-4.3.3-2 QoS 2 as receiver, once only
 test_mqtt_client::test_a_message_of_each_quality_arrives_and_is_answered
3.1.1-4.4.0-1 repeat after a reconnect
 test_mqtt_client::test_unacknowledged_messages_are_sent_again_with_dup_only_in_a_resumed_session
3.1.1-4.6.0-1 repeat in the original order
 test_mqtt_outbox::test_released_messages_repeat_only_their_release
3.1.1-4.6.0-2 PUBACK in the order of receipt
 test_mqtt_client::test_the_receiver_may_publish_from_within_its_call
3.1.1-4.8.0-1 close on a violation
 test_mqtt_client::test_protocol_violations_end_in_a_clean_disconnect_with_the_reason
5-1.5.5-1 variable integers in the fewest bytes
 test_mqtt_encoder::test_lengths_of_one_to_three_bytes
5-2.2.2-1 a property length even when there are none
 test_mqtt5::test_packets_that_we_send
5-3.1.2-2 no will without its flag
 test_mqtt5::test_packets_that_we_send
5-3.1.2-21 the server's keep alive rules
 test_mqtt_client::test_with_5_the_brokers_limits_are_kept
5-3.2.2-9 not more QoS than the server takes
 test_mqtt5::test_flags_are_lowered_to_what_the_broker_allows
5-3.2.2-14 no retain where there is none
 test_mqtt5::test_flags_are_lowered_to_what_the_broker_allows
5-3.2.2-15 not more bytes than the server takes
 test_mqtt_client::test_with_5_the_brokers_limits_are_kept
5-3.3.2-8 topic alias 0 is an error
 test_mqtt5::test_broken_packets_are_refused
5-3.3.2-11 an alias stands until it is changed
 test_mqtt5::test_a_topic_alias_stands_for_its_topic_until_it_is_changed
5-3.3.2-15 correlation data goes back
 test_mqtt_client::test_with_5_an_answer_carries_the_correlation_and_the_end_has_a_reason
5-3.3.4-7 not more than receive maximum
 test_mqtt_client::test_with_5_the_brokers_limits_are_kept
5-3.14.2-1 DISCONNECT with a reason code
 test_mqtt_client::test_with_5_a_violation_is_answered_with_its_reason
5-4.13.1-1 a reason for what is malformed
 test_mqtt_client::test_with_5_a_violation_is_answered_with_its_reason"""

_LINES = _TEXT.split("\n")
DUTIES = [
    (*duty.split(" ", 1), test.strip())
    for duty, test in zip(_LINES[::2], _LINES[1::2], strict=True)
]
