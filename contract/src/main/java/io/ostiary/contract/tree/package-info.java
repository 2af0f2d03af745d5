/// Text to a tree whose every node knows where it stands. YAML 1.2 and JSON give the same tree, so
/// that whoever reads a document reports each fault with file:line:column and needs to know neither
/// of the two parsers.
@NullMarked
package io.ostiary.contract.tree;

import org.jspecify.annotations.NullMarked;
