package io.posthorn.cli.trace;

import java.util.Map;

/**
 * One frame of a data packet.
 *
 * @param type as PROTOCOL.md §5 names it
 * @param fields in their order
 */
public record TraceFrame(String type, Map<String, Object> fields) {}
