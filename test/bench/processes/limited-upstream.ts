import { startLimitedUpstream } from '../../support/limited-upstream.ts'
import { serveTool } from '../rig/tool.ts'

/** An API that allows so many requests a second, and notes when they come. Tells its address. */
const { url } = startLimitedUpstream()

serveTool<null, string>(() => url)
