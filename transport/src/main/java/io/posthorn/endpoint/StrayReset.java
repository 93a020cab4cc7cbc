package io.posthorn.endpoint;

import java.net.InetSocketAddress;

/**
 * What may be a stateless reset of a connection that another endpoint at the same port has: the id
 * in a reset is made up, so it comes to any of them.
 *
 * @param from where it came from
 * @param token its last 16 bytes
 */
public record StrayReset(InetSocketAddress from, byte[] token) {}
