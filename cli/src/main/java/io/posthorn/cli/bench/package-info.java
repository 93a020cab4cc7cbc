/**
 * Throughput between two machines: {@link io.posthorn.cli.bench.BenchRun} at the client, {@link
 * io.posthorn.cli.bench.BenchServer} at the other end.
 *
 * <p>Each parallel stream is a flow of its own, with its control messages in band, so that all of
 * it passes wherever the data does. A client asks ({@code REQUEST}), is told a token ({@code
 * READY}) that proves its address, begins ({@code START}, {@code STARTED}), and then data goes one
 * way or both. Whoever sent says how much it was ({@code END}) and is told how much of it came
 * ({@code REPORT}). Over plain UDP a question is repeated until it is answered.
 */
@NullMarked
package io.posthorn.cli.bench;

import org.jspecify.annotations.NullMarked;
