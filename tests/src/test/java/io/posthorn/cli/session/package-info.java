@NullMarked
package io.posthorn.cli.session;

import org.jspecify.annotations.NullMarked;
