export {
  defineHandler,
  Fatal,
  type Handler,
  type HandlerContext,
  type HandlerDefinition,
  type HandlerFunction,
} from './kinds/handler.ts'
