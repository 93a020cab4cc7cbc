/**
 * What a comparison of transports measures: when messages are due, what arrived of them, and the
 * figures that follow.
 */
@NullMarked
package io.posthorn.cli.compare;

import org.jspecify.annotations.NullMarked;
