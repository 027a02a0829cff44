#!/usr/bin/env bun
import './sheaf.ts'
