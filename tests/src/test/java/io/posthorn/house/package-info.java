/** Rules of the house, held by tests: layers, names, the README, and what may not be skipped. */
@NullMarked
package io.posthorn.house;

import org.jspecify.annotations.NullMarked;
