# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: The ranby authors
#
# What is done with a build: check, lint, fuzz, bench, demo, install.
check: all unit
