/** Tests of the metrics. */
@NullMarked
package io.posthorn.micrometer;

import org.jspecify.annotations.NullMarked;
