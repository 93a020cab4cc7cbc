package io.posthorn.simulation;

/**
 * What a {@link Relay} did so far.
 *
 * @param up the links from the clients to the target, all together, closed ones included
 * @param down the links from the target to the clients
 * @param clients addresses that have an upstream socket now
 * @param refusedClients datagrams dropped because their sender would have been one client too many,
 *     or no socket could be opened for it
 * @param icmpErrors times that a host answered "port unreachable"
 * @param socketErrors datagrams that the operating system did not take or hand over (no route, no
 *     buffer space, forbidden), or that a stranger sent to a client's socket
 */
public record RelayStatistics(
    LinkCounters up,
    LinkCounters down,
    int clients,
    long refusedClients,
    long icmpErrors,
    long socketErrors) {}
