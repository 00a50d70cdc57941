(ns crosscheck
  "Reads a history as EDN, one operation a line, from standard input; asks Knossos; prints one line of JSON.

  Arguments: the name of a model, and how many milliseconds Knossos may take."
  (:require [clojure.edn :as edn]
            [knossos.competition :as competition]
            [knossos.model :as model])
  (:import (java.io PushbackReader)))

(def models
  {"register"         #(model/register)
   "cas-register"     #(model/cas-register)
   "mutex"            #(model/mutex)
   "linearizable-set" #(model/set)
   "fifo-queue"       #(model/fifo-queue)
   "unordered-queue"  #(model/unordered-queue)})

(defn read-operations [in]
  (let [reader (PushbackReader. in)]
    (->> (repeatedly #(edn/read {:eof ::end :default (fn [_ value] value)} reader))
         (take-while #(not= ::end %))
         vec)))

(defn sets-read
  "What was read of a set is a list in most histories; Knossos compares it with a set."
  [operations]
  (mapv (fn [{:keys [f value] :as operation}]
          (if (and (= :read f) (sequential? value))
            (assoc operation :value (set value))
            operation))
        operations))

(defn json [value]
  (cond (nil? value)     "null"
        (boolean? value) (str value)
        (integer? value) (str value)
        :else            (str "\"" (name value) "\"")))

(defn -main [model-name time-limit]
  (if-let [make-model (get models model-name)]
    (let [operations (cond-> (read-operations *in*)
                       (= "linearizable-set" model-name) sets-read)
          analysis   (competition/analysis (make-model) operations {:time-limit (parse-long time-limit)})]
      (println (str "{\"valid\":" (json (:valid? analysis))
                    ",\"op_index\":" (json (get-in analysis [:op :index]))
                    ",\"cause\":" (json (:cause analysis)) "}"))
      (shutdown-agents)
      (System/exit 0))
    (do (binding [*out* *err*]
          (println (str "no model is called " model-name)))
        (System/exit 64))))
