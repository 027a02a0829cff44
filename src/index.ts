export {
  defineHandler,
  Fatal,
  type Handler,
  type HandlerContext,
  type HandlerDefinition,
} from './kinds/handler.ts'
