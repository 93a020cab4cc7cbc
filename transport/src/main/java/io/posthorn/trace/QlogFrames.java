package io.posthorn.trace;

/**
 * Frames as qlog writes them: where QUIC has the frame, under QUIC's name and fields, so that
 * viewers show it (a channel is a stream there); else under Posthorn's own.
 */
final class QlogFrames implements FrameVisitor {
  private final JsonRecord json;

  QlogFrames(JsonRecord json) {
    this.json = json;
  }

  private JsonRecord begin(String type) {
    return json.beginObject().put("frame_type", type);
  }

  private void endWithLength(int lengthBytes) {
    json.put("length", lengthBytes)
        .beginObject("raw")
        .put("payload_length", lengthBytes)
        .endObject()
        .endObject();
  }

  @Override
  public void ping() {
    begin("ping").endObject();
  }

  @Override
  public void ack(
      long ackDelayMicros, long[] first, long[] last, int ranges, long ect0, long ect1, long ce) {
    begin("ack").putMillis("ack_delay", ackDelayMicros * 1000).beginArray("acked_ranges");
    for (int i = 0; i < ranges; i++) {
      json.beginArray().element(first[i]);
      if (last[i] != first[i]) {
        json.element(last[i]);
      }
      json.endArray();
    }
    json.endArray();
    if (ce >= 0) {
      json.put("ect0", ect0).put("ect1", ect1).put("ce", ce);
    }
    json.endObject();
  }

  @Override
  public void channelData(int channel, long offset, int lengthBytes) {
    begin("stream").put("stream_id", channel).put("offset", offset);
    endWithLength(lengthBytes);
  }

  @Override
  public void channelFin(int channel, long finalOffset) {
    begin("stream").put("stream_id", channel).put("offset", finalOffset).put("fin", true);
    endWithLength(0);
  }

  @Override
  public void maxChannelData(int channel, long maxOffset) {
    begin("max_stream_data").put("stream_id", channel).put("maximum", maxOffset).endObject();
  }

  @Override
  public void channelBlocked(int channel, long limit) {
    begin("stream_data_blocked").put("stream_id", channel).put("limit", limit).endObject();
  }

  @Override
  public void maxMessages(long count) {
    begin("posthorn_max_messages").put("maximum", count).endObject();
  }

  @Override
  public void maxMessageData(long bytes) {
    begin("posthorn_max_message_data").put("maximum", bytes).endObject();
  }

  @Override
  public void messagesBlocked(long count, long bytes) {
    begin("posthorn_messages_blocked").put("count", count).put("bytes", bytes).endObject();
  }

  @Override
  public void message(
      long id, int channel, long key, long totalLength, long offset, int lengthBytes) {
    begin("posthorn_message").put("message_id", id).put("channel", channel);
    if (key >= 0) {
      json.put("key", key);
    }
    json.put("total_length", totalLength).put("offset", offset);
    endWithLength(lengthBytes);
  }

  @Override
  public void messageAbort(long id, long totalLength) {
    begin("posthorn_message_abort")
        .put("message_id", id)
        .put("total_length", totalLength)
        .endObject();
  }

  @Override
  public void datagram(int channel, long sequence, int lengthBytes) {
    begin("datagram").put("channel", channel);
    if (sequence >= 0) {
      json.put("sequence", sequence);
    }
    endWithLength(lengthBytes);
  }

  @Override
  public void confirmRequest(boolean ordered, int channel, long number) {
    confirmation("posthorn_confirm_request", ordered, channel, number);
  }

  @Override
  public void confirm(boolean ordered, int channel, long number) {
    confirmation("posthorn_confirm", ordered, channel, number);
  }

  private void confirmation(String type, boolean ordered, int channel, long number) {
    begin(type)
        .put("ordered", ordered)
        .put("channel", channel)
        .put("message_number", number)
        .endObject();
  }

  @Override
  public void newConnectionId(long sequence, long retirePriorTo, long connectionId) {
    begin("new_connection_id")
        .put("sequence_number", sequence)
        .put("retire_prior_to", retirePriorTo)
        .putHex("connection_id", connectionId)
        .endObject();
  }

  @Override
  public void retireConnectionId(long sequence) {
    begin("retire_connection_id").put("sequence_number", sequence).endObject();
  }

  @Override
  public void pathChallenge(long data) {
    begin("path_challenge").putHex("data", data).endObject();
  }

  @Override
  public void pathResponse(long data) {
    begin("path_response").putHex("data", data).endObject();
  }

  @Override
  public void ackFrequency(long sequence, long packets, long maxDelayMicros) {
    begin("ack_frequency")
        .put("sequence_number", sequence)
        .put("ack_eliciting_threshold", packets)
        .putMillis("requested_max_ack_delay", maxDelayMicros * 1000)
        .endObject();
  }

  @Override
  public void close(long code, long applicationCode) {
    begin("connection_close")
        .put("error_space", code == 0 ? "application" : "transport")
        .put("error", "unknown")
        .put("error_code", code == 0 ? applicationCode : code)
        .endObject();
  }
}
