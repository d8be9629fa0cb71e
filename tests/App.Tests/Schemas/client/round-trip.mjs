// Registers, reads and checks schemas with the client that users have. Arguments: the registry's base URL, a subject.
import { createRequire } from 'node:module'

const { SchemaRegistry, SchemaType, COMPATIBILITY } = createRequire(import.meta.url)('@kafkajs/confluent-schema-registry')
const [host, subject] = process.argv.slice(2)
const registry = new SchemaRegistry({ host, retry: { retries: 0 } })
const schemaOf = (a) => JSON.stringify({
  title: subject,
  type: 'object',
  properties: { id: { type: 'integer' }, a },
  additionalProperties: false,
})
const register = (schema) => registry.register({ type: SchemaType.JSON, schema }, { subject, compatibility: COMPATIBILITY.BACKWARD })

const first = await register(schemaOf({ type: 'integer' }))
const again = await register(schemaOf({ type: 'integer' }))
const second = await register(schemaOf({ type: 'number' }))
const refused = await register(schemaOf({ type: 'string' })).then(() => null, (error) => ({ name: error.name, status: error.status, message: error.message }))

// Another client has nothing in its cache.
const reader = new SchemaRegistry({ host, retry: { retries: 0 } })
const message = await registry.encode(second.id, { id: 1, a: 1.5 })

console.log(JSON.stringify({
  ids: [first.id, again.id, second.id],
  refused,
  latest: await reader.getLatestSchemaId(subject),
  ofVersion: await reader.getRegistryId(subject, 1),
  ofSchema: await reader.getRegistryIdBySchema(subject, { type: SchemaType.JSON, schema: schemaOf({ type: 'integer' }) }),
  decoded: await reader.decode(message),
  compatible: (await reader.api.Subject.compatible({ subject, body: { schema: schemaOf({ type: 'number' }), schemaType: 'JSON' } })).data(),
  incompatible: (await reader.api.Subject.compatible({ subject, body: { schema: schemaOf({ type: 'null' }), schemaType: 'JSON' } })).data(),
}))
