function run = fit(op, run, view, options, hooks)
  % Trains RUN.layers by mini-batches drawn with randperm, one permutation an epoch.
  %
  % [X, OBJECTIVE] = VIEW () gives the samples, in columns, and their loss: OBJECTIVE (z, a,
  % batch) is the loss of the samples numbered BATCH and its derivative with respect to z.  VIEW
  % is asked again every OPTIONS.view_epochs epochs.
  %
  % HOOKS (see no_hooks) let a caller do more: forward (layers) gives the layers that a batch
  % meets, step (run, share) changes the run after each step, of which SHARE says how much of all
  % is done, epoch (run) does so after each epoch, and save (run) gets the run before each new
  % view, from where it can go on.
  is_adam = strcmp(options.solver, 'adam');
  for epoch = run.epoch + 1:options.epochs
    if mod(epoch - 1, options.view_epochs) == 0
      hooks.save(run);
      [x, objective] = view();
      samples = columns(x);
      steps = ceil(samples / options.batch_size) * options.epochs;
    end
    order = randperm(samples);
    total = 0;
    for start = 1:options.batch_size:samples
      batch = order(start:min(start + options.batch_size - 1, samples));
      rate = options.learning_rate;
      if strcmp(options.annealing, 'cosine')
        rate = rate * (1 + cos(pi * run.step / steps)) / 2;
      end
      % Gradient descent takes gradients that are steps already: a pass over the weights less.
      factor = 1;
      if ~is_adam
        factor = -rate;
      end
      [value, dw, db] = backprop(hooks.forward(run.layers), x(:, batch), ...
                                 @(z, a) objective(z, a, batch), options.dropout, factor);
      total = total + double(value) * numel(batch);
      run = update(run, dw, db, rate, is_adam, options.weight_decay);
      run = hooks.step(run, run.step / steps);
    end
    run.epoch = epoch;
    run = hooks.epoch(run);
    finite = isfinite(total) && all(cellfun(@is_finite_layer, run.layers));
    epoch = epoch + options.epochs_before;
    run.is_stopped = report_epoch(op, epoch, total / samples, finite, options);
    if run.is_stopped
      break
    end
  end
end

function run = update(run, dw, db, rate, is_adam, weight_decay)
  % One step of the optimizer for every layer.
  run.step = run.step + 1;
  if mod(run.step, 100) == 0
    run.first = cellfun(@without_traces, run.first, 'UniformOutput', false);
  end
  for k = 1:numel(run.layers)
    layer = run.layers{k};
    gradient = dw{k};
    if isfield(layer, 'mask')
      % What the mask forbids has no gradient.
      gradient = gradient .* run.open{k};
    end
    if isfield(layer, 'clusters')
      % Weights of one cluster are one number: it gets the sum of their gradients (Han 2015).
      sums = accumarray(layer.clusters(:), double(gradient(:)));
      gradient = cast(reshape(sums(layer.clusters), size(gradient)), class(gradient));
    end
    if weight_decay > 0
      layer.weights = (1 - rate * weight_decay) * layer.weights;
    end
    if is_adam
      [layer.weights, run.first{k}, run.second{k}] = ...
        adam_kernel(layer.weights, gradient, run.first{k}, run.second{k}, run.step, rate, ...
                    0.9, 0.999, 1e-8);
      [layer.bias, run.first_bias{k}, run.second_bias{k}] = ...
        adam_kernel(layer.bias, db{k}, run.first_bias{k}, run.second_bias{k}, run.step, rate, ...
                    0.9, 0.999, 1e-8);
    else
      [layer.weights, run.first{k}] = sgd_kernel(layer.weights, gradient, run.first{k}, 0.9);
      [layer.bias, run.first_bias{k}] = sgd_kernel(layer.bias, db{k}, run.first_bias{k}, 0.9);
    end
    run.layers{k} = layer;
  end
end

function moment = without_traces(moment)
  % Where no gradient comes any more, 0.9 times itself soon leaves a subnormal number, and those
  % take a hundred times as long to add and multiply.  No weight notices numbers far larger.
  type = class(moment);
  moment(abs(moment) < realmin(type) / eps(type)^2) = 0;
end

function finite = is_finite_layer(layer)
  finite = all(isfinite(layer.weights(:))) && all(isfinite(layer.bias));
end

function stop = report_epoch(op, epoch, loss, finite, options)
  if options.progress
    % As wide as the longest loss, so that nothing of the line before is left.
    printf('\r%s: epoch %d of %d, loss %-10.4g', op, epoch, options.epochs_in_all, loss);
  end
  try
    if ~finite
      value_error(op, 'LEARNING_RATE', ...
                  sprintf('be smaller: training diverges in epoch %d', epoch), ...
                  number_text(options.learning_rate));
    end
    stop = false;
    if ~isempty(options.callback)
      info = struct('epoch', epoch, 'epochs', options.epochs_in_all, 'loss', loss);
      wish = options.callback(info);
      stop = ~isempty(wish) && wish(1) ~= 0;
    end
  catch problem
    end_line(options.progress);
    rethrow(problem);
  end
  if stop || epoch == options.epochs_in_all
    end_line(options.progress);
  elseif options.progress
    fflush(stdout);
  end
end

function end_line(progress)
  if progress
    printf('\n');
    fflush(stdout);
  end
end
